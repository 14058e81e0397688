// Entry of the process that makes one run: takes one request from its parent, answers with messages.
import type { RunMessage, RunRequest } from './messages.js';
import { train } from './train.js';

const report = (message: RunMessage) => process.send?.(message);

process.once('message', (request: RunRequest) => {
  train(request, report)
    .catch((error: unknown) =>
      report({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
    .finally(() => process.disconnect());
});
