import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cents } from '@example/money'
import { receipt } from './index.js'

test('a receipt lists positions, tax and total', () => {
  const text = receipt([{ name: 'book', price: cents(1000), quantity: 2, rate: 'reduced' }])
  assert.equal(text, '2 x book  €20.00\ntax  €1.40\ntotal  €21.40')
})
