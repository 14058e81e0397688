"""Runs our library in Python's stock ONNX Runtime; prints one JSON object: check -> largest error, or text."""

import json
import sys

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper

library = sys.argv[1]
random = np.random.default_rng(0)
FLOAT, FLOAT16, BOOL, BFLOAT16 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BOOL, TensorProto.BFLOAT16


def model(nodes, inputs, outputs):
    """Bytes of a model; inputs and outputs are (name, element type) pairs of any shape."""
    values = [[helper.make_tensor_value_info(name, kind, None) for name, kind in side] for side in (inputs, outputs)]
    opsets = [helper.make_opsetid("", 23), helper.make_opsetid("fa.metal", 1)]
    return helper.make_model(helper.make_graph(nodes, "graph", *values), opset_imports=opsets, ir_version=10).SerializeToString()


def flash(attributes=None, inputs=("q", "k", "v"), kind=FLOAT, kinds=None):
    node = helper.make_node("FlashAttention", list(inputs), ["out", "lse"], domain="fa.metal", **(attributes or {}))
    given = [(name, (kinds or {}).get(name, kind)) for name in inputs if name]
    return model([node], given, [("out", kind), ("lse", FLOAT)])


def options(provider=None):
    made = ort.SessionOptions()
    made.log_severity_level = 4
    made.intra_op_num_threads = 1
    if provider is None:
        made.register_custom_ops_library(library)
    else:
        made.add_provider_for_devices([provider], {})
    return made


def session(bytes_of_model, provider=None):
    return ort.InferenceSession(bytes_of_model, options(provider))


def normal(*shape):
    return random.standard_normal(shape).astype(np.float32)


def probabilities(q, k, causal_offset=None, keep=None):
    """Softmax and logarithm of its denominator, in float64; heads of k are repeated for q's."""
    k = np.repeat(k, q.shape[1] // k.shape[1], axis=1).astype(np.float64)
    scores = q.astype(np.float64) @ k.swapaxes(2, 3) / np.sqrt(q.shape[-1])
    if causal_offset is not None:
        rows, keys = np.ogrid[: scores.shape[2], : scores.shape[3]]
        scores = np.where(keys <= rows + causal_offset, scores, -np.inf)
    if keep is not None:
        scores = np.where(keep, scores, -np.inf)
    largest = scores.max(-1, keepdims=True)
    weights = np.exp(scores - largest)
    total = weights.sum(-1, keepdims=True)
    return weights / total, (largest + np.log(total))[..., 0]


def gradients(q, k, v, d_out):
    """dq, dk, dv by the formula, in float64, for as many heads in k and v as in q."""
    q, k, v, d_out = (x.astype(np.float64) for x in (q, k, v, d_out))
    p, _ = probabilities(q, k)
    d_p = d_out @ v.swapaxes(2, 3)
    d_s = p * (d_p - (d_p * p).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return d_s @ k, d_s.swapaxes(2, 3) @ q, p.swapaxes(2, 3) @ d_out


def error(got, expected):
    return float(np.abs(got - expected).max()) if np.isfinite(got).all() else float("inf")


def refusal(action):
    try:
        action()
    except Exception as failure:  # ONNX Runtime's own classes, which are not exported under one base
        return str(failure)
    return "no error"


q, k, v = normal(2, 4, 33, 32), normal(2, 2, 40, 32), normal(2, 2, 40, 48)
feeds = {"q": q, "k": k, "v": v}
values = np.repeat(v, 2, axis=1).astype(np.float64)
results = {"version": ort.__version__}

out, lse = session(flash({"causal": "bottomRight"})).run(None, feeds)
p, expected_lse = probabilities(q, k, causal_offset=7)
results["forward"], results["lse"] = error(out, p @ values), error(lse, expected_lse)

keep = random.random((2, 1, 33, 40)) > 0.4
out, _ = session(flash(inputs=("q", "k", "v", "", "mask"), kinds={"mask": BOOL})).run(None, {**feeds, "mask": keep})
results["mask"] = error(out, probabilities(q, k, keep=keep)[0] @ values)

sinks = normal(4)
given = {**feeds, "sinks": sinks}
out, _ = session(flash({"softcap": 0.8}, inputs=("q", "k", "v", "", "", "", "sinks"))).run(None, given)
scores = 0.8 * np.tanh(q.astype(np.float64) @ np.repeat(k, 2, axis=1).astype(np.float64).swapaxes(2, 3) / np.sqrt(32) / 0.8)
weights = np.exp(scores)
total = weights.sum(-1, keepdims=True) + np.exp(sinks.astype(np.float64))[:, None, None]
results["softcap and sinks"] = error(out, weights / total @ values)

# Two sequences of 10 and 23 queries, of 25 and 15 keys, end to end.
starts = {"cq": np.array([0, 10, 33], np.int32), "ck": np.array([0, 25, 40], np.int32)}
packed = {name: value[0].swapaxes(0, 1) for name, value in feeds.items()}
inputs = ("q", "k", "v", "", "", "", "", "", "cq", "ck")
kinds = {name: TensorProto.INT32 for name in starts}
out, _ = session(flash(inputs=inputs, kinds=kinds)).run(None, {**packed, **starts})
parts = []
for rows, keys in ((slice(0, 10), slice(0, 25)), (slice(10, 33), slice(25, 40))):
    p, _ = probabilities(q[:1, :, rows], k[:1, :, keys])
    parts.append(p @ values[:1, :, keys])
results["packed"] = error(out, np.concatenate(parts, axis=2)[0].swapaxes(0, 1))

halves = {name: value.astype(np.float16) for name, value in feeds.items()}
out, _ = session(flash(kind=FLOAT16)).run(None, halves)
p, _ = probabilities(halves["q"], halves["k"])
results["float16"] = error(out, p @ np.repeat(halves["v"], 2, axis=1).astype(np.float64))

casts = [helper.make_node("Cast", [name], [name + "_b"], to=BFLOAT16) for name in feeds]
attention = helper.make_node("FlashAttention", ["q_b", "k_b", "v_b"], ["out_b"], domain="fa.metal")
back = helper.make_node("Cast", ["out_b"], ["out"], to=FLOAT)
(out,) = session(model([*casts, attention, back], [(name, FLOAT) for name in feeds], [("out", FLOAT)])).run(None, feeds)
results["bfloat16"] = error(out, probabilities(q, k)[0] @ values)

square = {"q": normal(1, 2, 17, 16), "k": normal(1, 2, 17, 16), "v": normal(1, 2, 17, 16), "d_out": normal(1, 2, 17, 16)}
both = [
    helper.make_node("FlashAttention", ["q", "k", "v"], ["out", "lse"], domain="fa.metal"),
    helper.make_node("FlashAttentionGrad", ["q", "k", "v", "out", "lse", "d_out"], ["dq", "dk", "dv"], domain="fa.metal"),
]
training = model(both, [(name, FLOAT) for name in square], [(name, FLOAT) for name in ("dq", "dk", "dv")])
expected = gradients(*square.values())
for name, got, right in zip(("dq", "dk", "dv"), session(training).run(None, square), expected):
    results[name] = error(got, right)

results["refused attribute"] = refusal(lambda: session(flash({"causal": "lowerRight"})))
results["refused dtype"] = refusal(lambda: session(flash(kinds={"k": FLOAT16})).run(None, {**feeds, "k": halves["k"]}))
results["refused shape"] = refusal(lambda: session(flash()).run(None, {**feeds, "v": v[:, :, 1:]}))
wide = normal(1, 1, 2, 577)
results["refused width"] = refusal(lambda: session(flash()).run(None, {"q": wide, "k": wide, "v": q[:1, :1, :2]}))

ort.register_execution_provider_library("fa-metal", library)
device = next(one for one in ort.get_ep_devices() if one.ep_name == "FaMetalExecutionProvider")
standard = helper.make_node("Attention", ["q", "k", "v"], ["out"], is_causal=1)
shaped = [helper.make_tensor_value_info(name, FLOAT, value.shape) for name, value in feeds.items()]
graph = helper.make_graph([standard], "graph", shaped, [helper.make_tensor_value_info("out", FLOAT, None)])
unedited = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10).SerializeToString()
(out,) = session(unedited, device).run(None, feeds)
results["provider"] = error(out, probabilities(q, k, causal_offset=0)[0] @ values)
for name, got, right in zip(("dq", "dk", "dv"), session(training, device).run(None, square), expected):
    results["provider " + name] = error(got, right)

print(json.dumps(results))
