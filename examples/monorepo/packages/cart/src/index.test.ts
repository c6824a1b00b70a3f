import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cents } from '@example/money'
import { totals } from './index.js'

test('every line is taxed at its own rate', () => {
  const lines = [
    { name: 'lamp', price: cents(2000), quantity: 1, rate: 'standard' as const },
    { name: 'book', price: cents(1000), quantity: 2, rate: 'reduced' as const },
  ]
  assert.deepEqual(totals(lines), { net: 4000, tax: 520, gross: 4520 })
})
