import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cents } from '@example/money'
import { taxOn } from './index.js'

test('tax is rounded to whole cents', () => {
  assert.equal(taxOn(cents(1000), 'standard'), 190)
  assert.equal(taxOn(cents(50), 'reduced'), 4)
})
