// One measured program: a command as JSON on stdin, its figures as JSON on stdout. Runs under Bun, whose spawn answers
// with what `wait4` says of the child: exact processor time of it and of all that it waited for, and the peak memory of
// the largest of them. Measures nothing else and starts nothing else.
//
// The kernel counts the memory of the process that started a program as that program's until it runs: peaks below this
// process's own, some 17 MB, cannot be told apart.

const { argv, cwd, env, input } = await Bun.stdin.json()
const stdin = input === undefined ? null : Buffer.from(input)

const start = Bun.nanoseconds()
const { exitCode, signalCode, resourceUsage, stdout, stderr } = Bun.spawnSync({
  cmd: argv,
  cwd,
  env,
  stdin,
  stdout: 'pipe',
  stderr: 'pipe',
})
const wallMs = (Bun.nanoseconds() - start) / 1e6

const { user, system } = resourceUsage.cpuTime
console.log(
  JSON.stringify({
    wallMs,
    cpuMs: Number(user + system) / 1000,
    peakBytes: resourceUsage.maxRSS,
    exit: signalCode ?? exitCode,
    stdout: stdout.toString(),
    stderr: stderr.toString(),
  }),
)
