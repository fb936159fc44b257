"""How far two traces are apart, where one may come a little later or sooner than the other."""
import numpy


def distance(found, expected, interval, shift):
    """|found - expected| of each sample, less what a shift by so many ms makes of the changes of `expected` about it."""
    change = numpy.abs(numpy.diff(expected, prepend=expected[0], append=expected[-1])) / interval
    return numpy.maximum(numpy.abs(found - expected) - shift * numpy.maximum(change[1:], change[:-1]), 0)
