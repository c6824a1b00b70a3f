// `bun history-fill.mjs <cache.db> <rows>`: adds so many past runs of the tasks that the cache holds. Under Bun for its
// SQLite.

import { Database } from 'bun:sqlite'

const [path, rows] = process.argv.slice(2)
const database = new Database(path)
database.run('PRAGMA busy_timeout = 10000')

const { entries } = database.query('SELECT count(*) AS entries FROM entries').get()
const invocations = Math.ceil(Number(rows) / entries)
const HOUR_AGO = Date.now() - 3_600_000

database.transaction(() => {
  database.run(
    `WITH RECURSIVE past(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM past WHERE number < ?1)
     INSERT INTO invocations (run_id, started_at, ended_at, exit_code, argv, vx_version, task_count, hit_count)
     SELECT printf('past-%09d', number), ?2 - number * 60000, ?2 - number * 60000 + 500, 0,
       '["run","build"]', '0.1.0', ?3, ?3
     FROM past`,
    [invocations, HOUR_AGO, entries],
  )
  database.run(
    `INSERT INTO runs (hash, project, task, status, exit_code, duration_ms, started_at, ended_at, run_id, cpu_ms,
       peak_rss_bytes, cache_hit, saved_ms)
     SELECT entries.hash, entries.project, entries.task, 'cache-hit', 0, 1, invocations.started_at,
       invocations.started_at + 1, invocations.run_id, 1, 4000000, 1, 10
     FROM invocations CROSS JOIN entries
     WHERE invocations.run_id LIKE 'past-%'
     LIMIT ?1`,
    [Number(rows)],
  )
})()
database.run('PRAGMA wal_checkpoint(TRUNCATE)')
const { count } = database.query('SELECT count(*) AS count FROM runs').get()
database.close()
console.log(count)
