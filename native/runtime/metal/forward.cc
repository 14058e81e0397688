#include "metal/forward.h"

#include "metal/call_work.h"
#include "metal/decode.h"

namespace fa::metal {

Work forward_work(const Problem& problem, const MetalPlan& plan, const Capabilities& capabilities,
                  const ForwardCall& call) {
  CallWork made(problem, plan, capabilities, call.inputs);
  const RowResults results{made.rows_out(RowKind::queries, "out", call.out, made.params.out),
                           made.floats_out(call.lse), made.floats_out(call.softmax_stats)};
  if (plan.route->route == MetalRoute::decode) {
    add_decode(problem, plan, call.inputs, results, made);
  } else {
    Dispatch& attend = made.dispatch(*plan.variants.front(), all_heads(problem), 0);
    made.bind_scores(attend);
    made.bind(attend, binding::kV, made.v);
    made.bind_sinks(attend);
    results.bind_to(attend);
  }
  return made.finish();
}

}  // namespace fa::metal
