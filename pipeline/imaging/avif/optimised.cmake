# Read by cmake before any C library's own build file: codecs are optimised in every profile of cargo.
set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
