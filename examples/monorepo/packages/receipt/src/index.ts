import { lineTotal, totals, type Line } from '@example/cart'
import { format } from '@example/money'

/** A receipt as plain text, one line per position. */
export function receipt(lines: readonly Line[]): string {
  const { tax, gross } = totals(lines)
  const positions = lines.map((line) => `${line.quantity} x ${line.name}  ${format(lineTotal(line))}`)
  return [...positions, `tax  ${format(tax)}`, `total  ${format(gross)}`].join('\n')
}
