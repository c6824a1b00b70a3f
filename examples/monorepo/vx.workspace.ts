import { defineWorkspace } from '@vzn/vx'

export default defineWorkspace({
  cacheRetention: { olderThan: '14d', maxSize: '1GiB' },
})
