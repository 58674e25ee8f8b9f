from setuptools import setup

package = "launch"
setup(
    name=package,
    version="0.1.0",
    packages=[package, f"{package}.events"],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package}"]),
        (f"share/{package}", ["package.xml"]),
    ],
    license="Apache-2.0",
)
