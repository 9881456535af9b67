"""What a reader of types sees of the public names; never run, but read by pyright as the package is."""

from typing import assert_type

import xarray as xr

import cls_infer

cohort = cls_infer.read_cohort("clarkson_a")
assert_type(cohort, cls_infer.Cohort)
assert_type(cls_infer.Cohort.from_frame(None), cls_infer.Cohort)
fit = cls_infer.fit(cohort, "clarkson_episode", settings=cls_infer.Settings(method="nuts", seed=2), progress=True)
assert_type(fit, cls_infer.Fit)
assert_type(fit.posterior, xr.DataTree)
assert_type(cls_infer.open_fit("run"), cls_infer.Fit)
assert_type(cls_infer.save(fit, "run"), cls_infer.Fit)
assert_type(cls_infer.load_model("two_pore"), cls_infer.Model)
assert_type(cls_infer.simulate("two_pore", scenario="clarkson_16_l"), cls_infer.Simulation)
