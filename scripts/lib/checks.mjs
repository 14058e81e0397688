/** Runs named checks one after the other, prints one line for each, and counts them like tests. */
export async function runChecks(checks) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, check] of Object.entries(checks)) {
    try {
      const reason = await check();
      counts[reason ? 'skipped' : 'passed'] += 1;
      console.log(reason ? `skip  ${name}: ${reason}` : `ok    ${name}`);
    } catch (error) {
      counts.failed += 1;
      console.log(`FAIL  ${name}\n${error.output?.trim() || error.message}`);
    }
  }
  return counts;
}
