"""What a training run costs: operations, hours, energy, carbon and money. Each function is one line of arithmetic with its units."""


def training_flops(weights: float, tokens: float) -> float:
    r"""Floating-point operations that train a transformer.

    .. math:: C = 6 N D

    For each weight and token, two on the way forward (multiply, add), and four on the way back (two for the gradient of
    the layer's input, two for that of its weights).

    Args:
        weights: N, parameters without embeddings. tokens: D, tokens seen, each pass counted.

    Source:
        Kaplan et al., "Scaling Laws for Neural Language Models", 2020, section 2.1. Attention over long contexts comes on top.
    """
    return 6 * weights * tokens


def gpu_hours(flops: float, peak: float, utilisation: float) -> float:
    r"""Hours of one GPU.

    .. math:: \frac{C}{3600\, u\, P}

    For the time that passes, divide by the number of GPUs, if they all work as well as one.

    Args:
        flops: C, operations in all.
        peak: P, operations a second that the data sheet promises for the number format in use.
        utilisation: u, the share of it that training reaches, above 0 and at most 1. 0.2 to 0.5 is usual.

    Raises:
        ValueError: a utilisation outside (0, 1].
    """
    if not 0 < utilisation <= 1:
        raise ValueError(f"utilisation is a share above 0 and at most 1, got {utilisation}")
    return flops / (peak * utilisation) / 3600


def energy(hours: float, kilowatts: float, overhead: float = 1.0) -> float:
    """Energy in kWh.

    Args:
        hours: GPU hours. kilowatts: power of one GPU, with its share of the computer it sits in, if that is to count.
        overhead: kWh that the building takes for a kWh of computing (PUE): 1.1 in good data centres, about 1.6 on
            average, 1 at home.

    Returns:
        kWh, of the whole building.
    """
    return hours * kilowatts * overhead


def carbon(kilowatt_hours: float, kilograms_each: float) -> float:
    """Emissions in kg of CO2 equivalent, where a kWh emits `kilograms_each`: 0.05 to 0.8, by country and hour."""
    return kilowatt_hours * kilograms_each


def money(hours: float, price: float) -> float:
    """What renting for so many GPU hours costs. `price` is that of one hour of one GPU, in any currency."""
    return hours * price
