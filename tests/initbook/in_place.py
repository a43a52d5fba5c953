"""Functions that write into their input, as a reader's own may."""


def zero_below(z):
    z[z < 0] = 0
    return z


def slope_of_zero_below(z):
    z[:] = z > 0
    return z
