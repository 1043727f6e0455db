"""The figures as a table."""

from benchmarks.emulator.run import Measured


def table(measured: Measured, authorise: str) -> str:
    """As in the README: what was measured, and its ratio to the baseline."""
    resident = " ".join(f"{each:.0f}" for each in measured.resident_mib)
    sent = f"{measured.invocations:,} at {measured.rate:g} a second"
    return "\n".join(
        (
            f"--authorise {authorise}: {sent}",
            f"  completed a second         {measured.invocations / measured.paced_seconds:8.0f}",
            f"  at once, a second          {measured.flat_out_rate:8.0f}",
            f"  CPU each, ms               {measured.paced_cpu * 1e3:8.2f}",
            f"  bare aiohttp, a second     {measured.bare_rate:8.0f}",
            f"  bare aiohttp, CPU each, ms {measured.bare_cpu * 1e3:8.2f}",
            f"  CPU, ratio to bare         {measured.paced_cpu / measured.bare_cpu:8.1f}",
            f"  resident, MiB              {resident}",
        )
    )
