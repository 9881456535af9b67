#!/bin/sh
# A cohort on a SLURM cluster: one small job gives out the shards, and asks for a batch job for each worker.
#
#     sbatch examples/slurm.sh DATASET MODEL RUN
#
# Workers are described once, in ~/.config/dask/jobqueue.yaml:
#
#     jobqueue:
#       slurm:
#         queue: normal
#         cores: 1
#         processes: 1
#         memory: 4GB
#         walltime: "08:00:00"
#
# RUN must lie on a disk that all nodes see. When the time is up, submit the same again: it goes on with what is missing.
#SBATCH --job-name=cls-infer
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=24:00:00
#SBATCH --output=cls-infer-%j.out
set -eu

dataset=${1:?name a data set}
model=${2:?name a model}
run=${3:?name a run folder}

if [ -d "$run/checkpoint" ]; then
    exec cls-infer resume "$run"
fi
exec cls-infer fit "$dataset" --model "$model" --workers slurm:16 --out "$run"
