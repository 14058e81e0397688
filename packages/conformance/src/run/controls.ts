import type { CaseParameters, ControlName } from '../parameters.js';

/** Another way to say the same call, of which every result must have the same bits. */
export const controls: Readonly<Record<ControlName, (parameters: CaseParameters) => CaseParameters>> = {
  noWindow: ({ left: _left, right: _right, ...rest }) => rest,
  noCausal: ({ causal: _causal, ...rest }) => rest,
  keptMask: ({ mask: _mask, maskKind: _kind, ...rest }) => rest,
  packed: ({ view: _view, ...rest }) => rest,
  topLeft: (parameters) => ({ ...parameters, causal: 'topLeft' }),
  bottomRight: (parameters) => ({ ...parameters, causal: 'bottomRight' }),
  defaultScale: ({ scale: _scale, ...rest }) => rest,
};

/** The same call in the other words, without the control itself. */
export function controlOf(parameters: CaseParameters): CaseParameters | undefined {
  const { sameAs, ...rest } = parameters;
  return sameAs === undefined ? undefined : controls[sameAs](rest);
}
