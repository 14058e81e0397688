"""How fast a large matrix product and a sum over a large array are with PyTorch: MKL's SGEMM on Intel's CPUs."""

import torch


class Host:
    def __init__(self, name, threads, sizes):
        torch.set_num_threads(threads)
        gpu = name.endswith("gpu")
        if gpu and not torch.backends.mps.is_available():
            raise RuntimeError("this PyTorch has no MPS")
        device = "mps" if gpu else "cpu"
        wait = torch.mps.synchronize if gpu else lambda: None
        size = sizes["size"]
        generator = torch.Generator().manual_seed(0)
        a, b = (torch.randn(size, size, generator=generator).to(device) for _ in range(2))
        out = torch.empty(size, size, device=device)
        values = torch.ones(sizes["bytes"] // 4, device=device)
        self.yardsticks = {
            "product": lambda: (torch.mm(a, b, out=out), wait()),
            "reading": lambda: (values.sum(), wait()),
        }
        library = "MPS" if gpu else "MKL" if torch.backends.mkl.is_available() else "its own BLAS"
        self.versions = {"product": f"torch.mm ({library})", "torch": torch.__version__}
