const tickMilliseconds = 1000;

/**
 * Runs one named piece of work, shows the seconds while it lasts, and prints one line when it is done.
 * `action` may return a remark for that line.
 */
export async function step(title, action) {
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
  const live = process.stdout.isTTY;
  const announce = setTimeout(() => !live && console.log(`      ... ${title}`), tickMilliseconds);
  const ticker = setInterval(
    () => live && process.stdout.write(`\r      ... ${title} ${seconds()} s `),
    tickMilliseconds,
  );
  const finish = (mark, remark) => {
    clearTimeout(announce);
    clearInterval(ticker);
    const clear = live ? '\r\x1b[K' : '';
    console.log(`${clear}${mark}  ${title} (${seconds()} s)${remark ? `: ${remark}` : ''}`);
  };
  try {
    const remark = await action();
    finish('ok  ', typeof remark === 'string' ? remark : '');
  } catch (error) {
    finish('FAIL', '');
    throw error;
  }
}

/** A missing prerequisite or another cause that the user can mend: printed as one sentence, without a stack. */
export class UserError extends Error {}

/** Runs a command-line script: a failure is printed and sets the exit status. */
export async function main(action) {
  try {
    await action();
  } catch (error) {
    console.error(error instanceof UserError || error.name === 'CommandError' ? error.message : error);
    process.exitCode = 1;
  }
}
