// What the generated functions of a row program and the kernel that calls them share.
#pragma once

namespace xgpu {

// Names a pass over the row. `Kept`: what earlier passes had of a point is there still; if not,
// the point is loaded and computed again.
template <int Pass, bool Kept = true>
struct stage {};

}  // namespace xgpu
