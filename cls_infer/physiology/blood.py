"""Red cells, haematocrit and haemoglobin."""

from ..types import Scalar


def red_cell_volume(V_p: Scalar, haematocrit: Scalar, F_cell: Scalar) -> Scalar:
    r"""Return the red-cell volume $V_r = V_p H_w / (1 - H_w)$ [L], with $H_w = F\,Hct$.

    Args:
        V_p: plasma volume [L].
        haematocrit: haematocrit of a blood sample from a large vessel [1].
        F_cell: whole-body over large-vessel haematocrit [1]; 0.91 with a tracer plasma volume [F].
    """
    whole_body = haematocrit * F_cell
    return V_p * whole_body / (1 - whole_body)


def haematocrit(V_p: Scalar, V_r: Scalar, F_cell: Scalar) -> Scalar:
    r"""Return the large-vessel haematocrit $V_r / (V_p + V_r) / F$ [1]; undoes `red_cell_volume`.

    Args:
        V_p: plasma volume [L].
        V_r: red-cell volume [L].
        F_cell: whole-body over large-vessel haematocrit [1].
    """
    return V_r / (V_p + V_r) / F_cell


def haemoglobin(haematocrit: Scalar, MCHC: Scalar) -> Scalar:
    """Return the haemoglobin concentration of blood [g/L].

    Args:
        haematocrit: haematocrit of the sample [1].
        MCHC: haemoglobin concentration inside red cells [g/L]; 333 [A].
    """
    return haematocrit * MCHC
