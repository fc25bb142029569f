"""Lanes: several numbers of one kind side by side, as the widest registers of a processor do it.

In    arrays, and where in them to begin.
Out   what compiled loops reckon with: `load`, `store`, `spread`, and operators lane by lane.
Why   the compiler spreads a loop over lanes by itself only where it can prove that arrays do not
      overlap, and writes each sum to memory between two steps; said outright, sums stay in
      registers. What is too wide for a processor is cut in pieces by the compiler, so this runs
      everywhere.

Whole numbers only wrap; floating-point lanes do one IEEE operation each: the twins in `plain` agree
to the bit. Nothing looks whether an array ends: who loads sees to that.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function
from numba.core.extending import intrinsic as _intrinsic
from numba.core.extending import models, register_model
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, Signature, infer_global, signature

WORD, MOST = ir.IntType(32), 64
intrinsic: Any = _intrinsic
"""Whoever calls one does not hand in the first argument."""
Made = tuple[Signature, Callable[..., Any]]


class Lanes(types.Type):
    """So many numbers of a kind."""

    def __init__(self, kind: Any, many: int) -> None:
        self.kind, self.many = kind, many
        super().__init__(name=f"lanes({kind} x {many})")


@register_model(Lanes)
class InRegisters(models.PrimitiveModel):
    """How lanes are handed on: as one value."""

    def __init__(self, manager: Any, lanes: Lanes) -> None:
        kind = manager.lookup(lanes.kind).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(kind, lanes.many))


def _place(context: Any, builder: Any, array: Any, given: Any, wanted: Any) -> Any:
    """Where lanes begin in an array."""
    data = context.make_array(array)(context, builder, given[0]).data
    return builder.bitcast(builder.gep(data, [given[1]]), wanted.as_pointer())


def _whole(lanes: Lanes) -> bool:
    return isinstance(lanes.kind, types.Integer)


def _same(vector: Any, value: float) -> Any:
    return ir.Constant(vector, [value] * vector.count)


def _spread(builder: Any, one: Any, many: int) -> Any:
    """One value in every lane."""
    nothing = ir.Constant(ir.VectorType(one.type, many), ir.Undefined)
    first = builder.insert_element(nothing, one, ir.Constant(WORD, 0))
    return builder.shuffle_vector(first, nothing, _same(ir.VectorType(WORD, many), 0))


def _picked(builder: Any, vector: Any, lanes: range) -> Any:
    places = ir.Constant(ir.VectorType(WORD, len(lanes)), list(lanes))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), places)


def loads(many: int) -> Any:
    """What loads so many neighbours of an array."""

    @intrinsic
    def load(_context: Any, array: Any, at: Any) -> Made:
        def make(context: Any, builder: Any, made: Any, given: Any) -> Any:
            vector = context.get_value_type(made.return_type)
            found = builder.load(_place(context, builder, array, given, vector))
            found.align = array.dtype.bitwidth // 8
            return found

        return Lanes(array.dtype, many)(array, at), make

    return load


@intrinsic
def store(_context: Any, array: Any, at: Any, lanes: Any) -> Made:
    """Put lanes into an array."""

    def make(context: Any, builder: Any, _made: Any, given: Any) -> Any:
        place = _place(context, builder, array, given, given[2].type)
        builder.store(given[2], place).align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, at, lanes), make


def spreads(many: int) -> Any:
    """What puts one number into so many lanes."""

    @intrinsic
    def spread(_context: Any, x: Any) -> Made:
        def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
            return _spread(builder, given[0], many)

        return Lanes(x, many)(x), make

    return spread


@intrinsic
def twos(_context: Any, array: Any, at: Any, like: Any) -> Made:
    """Two neighbours, again and again."""

    def make(context: Any, builder: Any, made: Any, given: Any) -> Any:
        both = ir.IntType(2 * array.dtype.bitwidth)
        found = builder.load(_place(context, builder, array, given, both))
        found.align = array.dtype.bitwidth // 8
        vector = context.get_value_type(made.return_type)
        return builder.bitcast(_spread(builder, found, like.many // 2), vector)

    return like(array, at, like), make


@intrinsic
def dots(_context: Any, one: Any, other: Any) -> Made:
    """The sums of the products of neighbours, 16 bits wide, in 32 bits."""

    def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
        wide = ir.VectorType(WORD, one.many)
        products = builder.mul(*(builder.sext(g, wide) for g in given))
        even, odd = (_picked(builder, products, range(k, one.many, 2)) for k in (0, 1))
        return builder.add(even, odd)

    return Lanes(types.int32, one.many // 2)(one, other), make


def firsts(many: int) -> Any:
    """What gives so many lanes, the first ones."""

    @intrinsic
    def first(_context: Any, lanes: Any) -> Made:
        def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
            return _picked(builder, given[0], range(many))

        return Lanes(lanes.kind, many)(lanes), make

    return first


def casts(how: str, kind: types.Number) -> Any:
    """What turns lanes into another kind, the way that llvm calls so."""

    @intrinsic
    def cast(_context: Any, lanes: Any) -> Made:
        def make(context: Any, builder: Any, made: Any, given: Any) -> Any:
            return getattr(builder, how)(given[0], context.get_value_type(made.return_type))

        return Lanes(kind, lanes.many)(lanes), make

    return cast


def _compared(builder: Any, lanes: Lanes, how: str, given: Any) -> Any:
    if not _whole(lanes):
        return builder.fcmp_ordered(how, *given)
    signed = lanes.kind.signed
    return (builder.icmp_signed if signed else builder.icmp_unsigned)(how, *given)


def comparisons(how: str) -> Any:
    """What gives `then` where the lanes compare so, else `other`."""

    @intrinsic
    def chosen(_context: Any, a: Any, b: Any, then: Any, other: Any) -> Made:
        def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
            return builder.select(_compared(builder, a, how, given[:2]), *given[2:])

        return then(a, b, then, other), make

    return chosen


@intrinsic
def beyond(_context: Any, a: Any, b: Any) -> Made:
    """A bit for each lane in which a is larger, of `MOST` at most."""

    def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
        bits = builder.bitcast(_compared(builder, a, ">", given), ir.IntType(a.many))
        return builder.zext(bits, ir.IntType(MOST)) if a.many < MOST else bits

    return types.uint64(a, b), make


@intrinsic
def known(_context: Any, lanes: Any, then: Any, other: Any) -> Made:
    """This where the lanes are numbers, that where they are none."""

    def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
        x, *both = given
        return builder.select(builder.fcmp_ordered("ord", x, x), *both)

    return then(lanes, then, other), make


def _asked(builder: Any, name: str, given: Any, result: Any) -> Any:
    """What llvm itself makes of lanes."""
    vector = given[0].type
    kind = vector.element.intrinsic_name
    full = f"llvm.{name}.v{vector.count}{kind}"
    function = ir.FunctionType(result, [vector])
    return builder.call(get_or_insert_function(builder.module, function, full), given)


@intrinsic
def size_of(_context: Any, lanes: Any) -> Made:
    """Numbers without their signs."""

    def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
        if not _whole(lanes):
            return _asked(builder, "fabs", given, given[0].type)
        below = builder.icmp_signed("<", given[0], _same(given[0].type, 0))
        return builder.select(below, builder.sub(_same(given[0].type, 0), given[0]), given[0])

    return lanes(lanes), make


@intrinsic
def rounded(_context: Any, lanes: Any) -> Made:
    """To the nearest whole number, halves to the even one."""

    def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
        return _asked(builder, "rint", given, given[0].type)

    return lanes(lanes), make


@intrinsic
def added(_context: Any, lanes: Any) -> Made:
    """The sum of whole lanes."""

    def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
        return _asked(builder, "vector.reduce.add", given, given[0].type.element)

    return lanes.kind(lanes), make


@intrinsic
def lowest(_context: Any, bits: Any) -> Made:
    """The place of the lowest bit that is set."""

    def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(ir.IntType(1), 1))

    return bits(bits), make


@intrinsic
def itself(_context: Any, x: Any) -> Made:
    """The same number, of which the compiler knows nothing: a loop with it stays as it is."""

    def make(_: Any, builder: Any, _made: Any, given: Any) -> Any:
        kind = given[0].type
        return builder.asm(ir.FunctionType(kind, [kind]), "", "=r,0", given, side_effect=False)

    return x(x), make


load8, load10, load32, load64, load128 = (loads(many) for many in (8, 10, 32, 64, 128))
all8, all16, all32, all64 = (spreads(many) for many in (8, 16, 32, 64))
first8, first10, first16 = (firsts(many) for many in (8, 10, 16))
more, less = comparisons(">"), comparisons("<")
to_octets, to_shorts = casts("trunc", types.uint8), casts("zext", types.uint16)
to_longs, to_floats = casts("sext", types.int64), casts("sitofp", types.float64)
to_bits, to_signed = casts("bitcast", types.uint64), casts("bitcast", types.int64)
whole_codes, whole_shorts = casts("fptosi", types.int32), casts("fptosi", types.int16)

_PLAIN = {
    operator.add: ("add", "fadd"),
    operator.sub: ("sub", "fsub"),
    operator.mul: ("mul", "fmul"),
    operator.xor: ("xor", ""),
    operator.lshift: ("shl", ""),
    operator.rshift: ("lshr", ""),
}


def _lane_by_lane(sign: Callable[..., Any], whole: str, broken: str) -> None:
    @infer_global(sign)
    class Typed(AbstractTemplate):
        def generic(self, args: Any, _kws: Any) -> Signature | None:
            fits = len(args) == 2 and isinstance(args[0], Lanes) and args[0] == args[1]  # noqa: PLR2004  a pair
            return signature(args[0], *args) if fits else None

    @lower_builtin(sign, Lanes, Lanes)
    def make(_context: Any, builder: Any, made: Any, given: Any) -> Any:
        lanes = made.return_type
        how = whole if _whole(lanes) else broken
        signed = how == "lshr" and lanes.kind.signed
        return getattr(builder, "ashr" if signed else how)(*given)


for _sign, _names in _PLAIN.items():
    _lane_by_lane(_sign, *_names)
