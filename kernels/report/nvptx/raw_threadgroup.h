#pragma once
#include "detail/raw_api.h"
