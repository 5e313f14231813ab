/** A process of a fleet whose runs are invented: what becomes of a seed is in its number. */
process.on('disconnect', () => process.exit())
process.on('message', (seeds) => {
  for (const seed of seeds) {
    process.send({ kind: 'begun', seed })
    if (seed === 13) {
      process.stderr.write('out of luck\n')
      process.exit(3)
    }
    if (seed === 14) process.kill(process.pid, 'SIGKILL')
    if (seed === 17) for (;;);
    const outcome = { seed, steps: 1, virtualMs: 1, faults: {}, violations: [], lines: [], digest: '' }
    process.send({ kind: 'done', outcome })
  }
})
if (process.argv[2] === 'broken') throw new Error('no environment')
process.send({ kind: 'ready' })
