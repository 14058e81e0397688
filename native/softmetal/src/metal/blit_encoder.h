// MTLBlitCommandEncoder.
#pragma once

#include "metal/counters.h"
#include "metal/encoder.h"

namespace softmetal {

struct BlitEncoder : CommandEncoder {
  BlitEncoder(CommandBuffer* buffer, std::vector<SampleAttachment> samples);
  const std::vector<SampleAttachment> samples;

 protected:
  void encode_end() override;
};

void register_blit_encoder();

}  // namespace softmetal
