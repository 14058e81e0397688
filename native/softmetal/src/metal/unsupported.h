#pragma once

namespace softmetal {

void register_unsupported();

}  // namespace softmetal
