#!/bin/sh
# A cohort on all cores of one machine, without a terminal: what is told goes to RUN.err and RUN/log.jsonl.
#
#     examples/node.sh DATASET MODEL RUN
#
# Exit codes: 0 every patient is fitted and meets the verdict, 2 the input, 3 some do not, 1 anything else.
set -eu

dataset=${1:?name a data set}
model=${2:?name a model}
run=${3:?name a run folder}

if [ -d "$run/checkpoint" ]; then
    exec cls-infer resume "$run" >"$run.out" 2>>"$run.err" </dev/null
fi
exec cls-infer fit "$dataset" --model "$model" --workers local --out "$run" >"$run.out" 2>>"$run.err" </dev/null
