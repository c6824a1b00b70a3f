import { cents, type Cents } from '@example/money'

/** Rates in percent. */
export const RATES = { standard: 19, reduced: 7 } as const

export type Rate = keyof typeof RATES

/** The tax that a net amount carries, rounded half up to whole cents. */
export function taxOn(net: Cents, rate: Rate): Cents {
  return cents(Math.floor((net * RATES[rate] + 50) / 100))
}
