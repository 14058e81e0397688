// Peak memory of a piece of a program, for programs that tests start in a process of their own.
const fs = require('node:fs');

/** Bytes held now; on Linux the peak starts again from here. */
function startPeak() {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // elsewhere the peak also counts what was held and freed before: it can only come out larger
  }
  return process.memoryUsage.rss();
}

function peak() {
  try {
    return 1024 * Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}

module.exports = { startPeak, peak };
