"""Special functions, elementwise: recorded, and fused with what is around them.

Names and arguments are SciPy's, and so are the values at zeros, poles, infinities, NaN and the ends
of a domain; SciPy itself asks an array's namespace for these functions first. Arguments broadcast
and promote: integers and bool are computed in float64, a Python scalar takes the dtype of the
arrays that it meets, and one argument at least is an array. float16 and bfloat16 are computed in
float32 and rounded once. What is no quotient or difference of others is computed in float64 for
float32 too, on the device.

Every function raises TypeError for complex elements and for an argument that is neither an array
nor a scalar, ValueError for shapes that do not broadcast, `DeviceMismatchError` for arrays of two
devices, and `UnsupportedOperationError` on a device whose library does not have the function.
"""

from xgpu.special.bessel_functions import (
    i0,
    i0e,
    i1,
    i1e,
)
from xgpu.special.beta_functions import (
    beta,
    betainc,
    betaincc,
    betaln,
)
from xgpu.special.distributions import (
    bdtr,
    bdtrc,
    chdtr,
    chdtrc,
    fdtr,
    fdtrc,
    gdtr,
    gdtrc,
    log_ndtr,
    nbdtr,
    nbdtrc,
    ndtr,
    ndtri,
    pdtr,
    pdtrc,
    stdtr,
    stdtrit,
)
from xgpu.special.elementary import (
    boxcox,
    boxcox1p,
    cbrt,
    cosm1,
    exp2,
    exp10,
    exprel,
    huber,
    inv_boxcox,
    inv_boxcox1p,
    pseudo_huber,
    radian,
    sinc,
)
from xgpu.special.entropy import (
    entr,
    kl_div,
    rel_entr,
    xlog1py,
    xlogy,
)
from xgpu.special.error_functions import (
    erf,
    erfc,
    erfcinv,
    erfcx,
    erfinv,
)
from xgpu.special.gamma_functions import (
    binom,
    digamma,
    gamma,
    gammainc,
    gammaincc,
    gammaln,
    gammasgn,
    loggamma,
    multigammaln,
    poch,
    polygamma,
    psi,
    rgamma,
)
from xgpu.special.logistic import (
    expit,
    log_expit,
    logit,
)
from xgpu.special.zeta_functions import (
    zeta,
    zetac,
)

__all__ = [
    "bdtr",
    "bdtrc",
    "beta",
    "betainc",
    "betaincc",
    "betaln",
    "binom",
    "boxcox",
    "boxcox1p",
    "cbrt",
    "chdtr",
    "chdtrc",
    "cosm1",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "exp2",
    "exp10",
    "expit",
    "exprel",
    "fdtr",
    "fdtrc",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "gammasgn",
    "gdtr",
    "gdtrc",
    "huber",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "inv_boxcox",
    "inv_boxcox1p",
    "kl_div",
    "log_expit",
    "log_ndtr",
    "loggamma",
    "logit",
    "multigammaln",
    "nbdtr",
    "nbdtrc",
    "ndtr",
    "ndtri",
    "pdtr",
    "pdtrc",
    "poch",
    "polygamma",
    "pseudo_huber",
    "psi",
    "radian",
    "rel_entr",
    "rgamma",
    "sinc",
    "stdtr",
    "stdtrit",
    "xlog1py",
    "xlogy",
    "zeta",
    "zetac",
]
