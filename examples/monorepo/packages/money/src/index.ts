/** An amount of money in whole cents, so that adding never rounds. */
export type Cents = number & { readonly unit: 'cents' }

export function cents(amount: number): Cents {
  if (!Number.isSafeInteger(amount)) {
    throw new RangeError(`${amount} is not a whole number of cents`)
  }
  return amount as Cents
}

export function sum(amounts: Iterable<Cents>): Cents {
  let total = 0
  for (const amount of amounts) {
    total += amount
  }
  return cents(total)
}

export function format(amount: Cents): string {
  return `${amount < 0 ? '-' : ''}€${(Math.abs(amount) / 100).toFixed(2)}`
}
