import { cents, sum, type Cents } from '@example/money'
import { taxOn, type Rate } from '@example/tax'

export interface Line {
  name: string
  price: Cents
  quantity: number
  rate: Rate
}

export interface Totals {
  net: Cents
  tax: Cents
  gross: Cents
}

export function totals(lines: readonly Line[]): Totals {
  const net = sum(lines.map(lineTotal))
  const tax = sum(lines.map((line) => taxOn(lineTotal(line), line.rate)))
  return { net, tax, gross: sum([net, tax]) }
}

export function lineTotal(line: Line): Cents {
  return cents(line.price * line.quantity)
}
