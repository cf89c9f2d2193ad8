"""Panels over other exporters, where they are scraped: node_exporter, cAdvisor, DCGM."""

from __future__ import annotations

from dashboards.board import panels
from dashboards.board.parts import Panel, Query, about
from dashboards.board.promql import RATE


def nodes() -> tuple[Panel, ...]:
    """The machine under it all."""
    idle = f'avg by (instance) (rate(node_cpu_seconds_total{{mode="idle"}}{RATE}))'
    free = "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
    disk = 'node_filesystem_avail_bytes{fstype!~"tmpfs|overlay|squashfs"}'
    whole = 'node_filesystem_size_bytes{fstype!~"tmpfs|overlay|squashfs"}'
    return (
        panels.lines(
            "CPU", about("Busy share of all cores.", "Latency rises before this reaches 100 %."),
            "percentunit", Query(f"1 - {idle}", "{{instance}}"), width=8),
        panels.lines(
            "Memory", about("Share of the memory that is in use.", "Caches are not counted."),
            "percentunit", Query(f"1 - {free}", "{{instance}}"), width=8),
        panels.lines(
            "Disk", about("Share of each file system that is in use.",
                          "A full disk keeps the exporter from committing.",
                          "InferenceStateNotPersistent"),
            "percentunit", Query(f"1 - {disk} / {whole}", "{{instance}} {{mountpoint}}"), width=8),
    )  # fmt: skip


def cgroups() -> tuple[Panel, ...]:
    """The containers: the model server's and the exporter's own footprint."""
    used = 'container_cpu_usage_seconds_total{name!=""}'
    held = 'container_cpu_cfs_throttled_periods_total{name!=""}'
    periods = 'container_cpu_cfs_periods_total{name!=""}'
    return (
        panels.lines(
            "CPU of containers", about("Cores in use.", "The exporter's should be small."),
            "short", Query(f"sum by (name) (rate({used}{RATE}))", "{{name}}"), width=8),
        panels.lines(
            "Memory of containers", about("Working set.", "What the kernel kills by."),
            "bytes", Query('max by (name) (container_memory_working_set_bytes{name!=""})',
                           "{{name}}"), width=8),
        panels.lines(
            "Throttled", about("Share of periods in which the container was held back.",
                               "A CPU limit that is too low is latency."),
            "percentunit", Query(f"sum by (name) (rate({held}{RATE}))\n"
                                 f"/ (sum by (name) (rate({periods}{RATE})) > 0)", "{{name}}"),
            width=8),
    )  # fmt: skip


def gpus() -> tuple[Panel, ...]:
    """Accelerators."""
    return (
        panels.lines(
            "GPU utilisation", about("Share of time in which a kernel ran.",
                                     "Low with high latency: the GPU waits for its input."),
            "percent", Query("max by (instance, gpu) (DCGM_FI_DEV_GPU_UTIL)",
                             "{{instance}} {{gpu}}"), width=8),
        panels.lines(
            "GPU memory", about("Frame buffer in use.", "Models, batches and caches."),
            "mbytes", Query("max by (instance, gpu) (DCGM_FI_DEV_FB_USED)",
                            "{{instance}} {{gpu}}"), width=8),
        panels.lines(
            "GPU temperature", about("Temperature of the GPU.",
                                     "Clocks fall when it is too hot: latency without load."),
            "celsius", Query("max by (instance, gpu) (DCGM_FI_DEV_GPU_TEMP)",
                             "{{instance}} {{gpu}}"), width=8),
    )  # fmt: skip
