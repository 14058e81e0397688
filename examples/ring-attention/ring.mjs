import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { join, slice } from './tensors.mjs';

/** @import { AttentionOptions, Tensor } from '@fa-metal/core' */

/**
 * Self-attention over one long sequence, spread over workers. Each owns a slice of it; the keys and values go round, and
 * what a worker finds with each slice is merged. No worker ever has more than two slices of keys and values.
 */
export class Ring {
  /** @type {Worker[]} */
  #workers;

  /**
   * @param {number} places
   * @param {import('node:worker_threads').WorkerOptions} [options] what each worker is started with besides
   */
  constructor(places, options = {}) {
    const channels = Array.from({ length: places }, () => new MessageChannel());
    this.#workers = channels.map(({ port1: next }, index) => {
      const previous = /** @type {MessageChannel} */ (channels[(index + places - 1) % places]).port2;
      return new Worker(new URL('worker.mjs', import.meta.url), {
        ...options,
        workerData: { places, previous, next },
        transferList: [previous, next],
      });
    });
  }

  /**
   * @param {Tensor} q [B, Hq, L, D] float32
   * @param {Tensor} k [B, Hkv, L, D]
   * @param {Tensor} v [B, Hkv, L, Dv]
   * @param {Pick<AttentionOptions, 'scale' | 'softcap' | 'window'> & { causal?: 'none' | 'topLeft' }} [options]
   * @returns {Promise<{ out: Tensor, lse: Tensor }>}
   */
  async forward(q, k, v, options = {}) {
    const tasks = this.#slices(q.shape[2] ?? 0).map(({ from, to }) => ({
      ...{ q: slice(q, from, to), k: slice(k, from, to), v: slice(v, from, to) },
      first: from,
      options,
    }));
    return this.#run('forward', tasks);
  }

  /**
   * Gradients of the last `forward`.
   *
   * @param {Tensor} dOut
   * @returns {Promise<{ dq: Tensor, dk: Tensor, dv: Tensor }>}
   */
  async backward(dOut) {
    const tasks = this.#slices(dOut.shape[2] ?? 0).map(({ from, to }) => ({ dOut: slice(dOut, from, to) }));
    return this.#run('backward', tasks);
  }

  async close() {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** @param {number} length */
  #slices(length) {
    const places = this.#workers.length;
    const start = (/** @type {number} */ place) => Math.floor((place * length) / places);
    return this.#workers.map((_, place) => ({ from: start(place), to: start(place + 1) }));
  }

  /**
   * @param {'forward' | 'backward'} pass
   * @param {object[]} tasks
   * @returns {Promise<any>}
   */
  async #run(pass, tasks) {
    const replies = await Promise.all(
      this.#workers.map(async (worker, place) => {
        worker.postMessage({ pass, task: tasks[place] });
        const [{ result, error }] = await once(worker, 'message');
        if (error) throw error;
        return result;
      }),
    );
    const names = Object.keys(replies[0]);
    return Object.fromEntries(names.map((name) => [name, join(replies.map((reply) => reply[name]))]));
  }
}
