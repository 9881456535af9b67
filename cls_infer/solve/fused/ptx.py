"""Threads as a kernel for an NVIDIA GPU, in the assembly language PTX, which its driver turns into machine code."""

from hashlib import sha256

import llvmlite.binding as llvm
from llvmlite import ir

from ..machine.kept import kept_or
from ..machine.vector_math import I64
from .thread import Threads

ABREAST = 32
"""Threads a block: one warp, which waits for its own slowest lane alone."""

TARGET, ARCHITECTURE = "nvptx64-nvidia-cuda", "sm_80"
"""Any GPU from the A100 on; the driver translates for those that came later."""

I32 = ir.IntType(32)


def ptx_of(threads: Threads) -> str:
    """Return the kernel, named as its function."""
    module = threads.module()
    module.triple = TARGET
    _add_kernel(module, threads)
    text = str(module)
    name = f"{kernel_name(threads)}_{ARCHITECTURE}_{sha256(text.encode()).hexdigest()[:24]}"
    return kept_or(f"{name}.ptx", lambda: _translated(text).encode()).decode()


def _translated(text: str) -> str:
    """Return a module of LLVM's language in PTX."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(TARGET).create_target_machine(cpu=ARCHITECTURE, opt=2)
    parsed = llvm.parse_assembly(text)
    parsed.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(parsed, builder)
    return machine.emit_assembly(parsed)


def kernel_name(threads: Threads) -> str:
    """Return the kernel's name."""
    return f"cls_infer_{threads.name}"


def _add_kernel(module: ir.Module, threads: Threads) -> None:
    """Add the kernel of the arrays: every thread that has a lane does its part."""
    thread = threads.write(module)
    kernel = ir.Function(
        module, ir.FunctionType(ir.VoidType(), [a.type for a in thread.args[1:]]), kernel_name(threads)
    )
    kernel.calling_convention = "ptx_kernel"
    b = ir.IRBuilder(kernel.append_basic_block())
    block, place = (
        b.call(ir.Function(module, ir.FunctionType(I32, []), f"llvm.nvvm.read.ptx.sreg.{name}.x"), [])
        for name in ("ctaid", "tid")
    )
    number = b.add(b.mul(b.sext(block, I64), ir.Constant(I64, ABREAST)), b.sext(place, I64))
    with b.if_then(b.icmp_signed("<", number, ir.Constant(I64, threads.count))):
        b.call(thread, [number, *kernel.args])
    b.ret_void()
