import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cents, format, sum } from './index.js'

test('amounts add up exactly', () => {
  assert.equal(sum([cents(10), cents(20)]), 30)
  assert.equal(format(cents(1999)), '€19.99')
  assert.equal(format(cents(-5)), '-€0.05')
})

test('there is nothing smaller than a cent', () => {
  assert.throws(() => cents(0.5), RangeError)
})
