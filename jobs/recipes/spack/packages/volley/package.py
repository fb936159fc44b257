"""Volley for Spack 0.23 and later, from the clone that this file lies in: spack repo add jobs/recipes/spack; spack install volley"""
import os

try:
    from spack_repo.builtin.build_systems.cmake import CMakePackage
except ImportError:  # before Spack 1.0 it comes with the rest
    pass
from spack.package import *


class Volley(CMakePackage):
    """MPI-distributed cluster simulator for spiking neural networks."""

    git = "file://" + os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 5))
    license("BSD-3-Clause")
    version("main", branch="main")

    variant("shared", default=True, description="A shared library")
    variant("petsc", default=True, description="Readouts that learn, and signals that are equations")
    variant("slepc", default=True, when="+petsc", description="Eigenvalues")
    variant("python", default=True, description="The package of Python, and runs in its process")

    depends_on("c", type="build")
    depends_on("cmake@3.21:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("random123", type="build")
    depends_on("mpi")
    depends_on("hdf5@1.10:+mpi")
    depends_on("libyaml")
    depends_on("petsc@3.18:+mpi+shared+double~complex", when="+petsc")
    depends_on("slepc@3.18:", when="+slepc")
    extends("python@3.9:", when="+python")
    depends_on("py-numpy", type="run", when="+python")
    depends_on("py-h5py", type="run", when="+python")

    def cmake_args(self):
        args = [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("VOLLEY_PETSC", "petsc"),
            self.define("VOLLEY_SLEPC", self.spec.satisfies("+slepc")),
            self.define("VOLLEY_NATIVE", False),  # Spack's compilers are told its target
            self.define("VOLLEY_TESTS", False),
            self.define("HDF5_ROOT", self.spec["hdf5"].prefix),
        ]
        if self.spec.satisfies("+python"):
            args.append(self.define("VOLLEY_PYTHON", self.spec["python"].command.path))
            args.append(self.define("VOLLEY_PYTHON_FOLDER", python_platlib))
        return args
