# Several files of a floor are compiled as one: their headers are parsed once, which is most of a compilation;
# nothing else changes (docs/decisions/0012). So a name in an unnamed namespace stands once in its floor.
# -DCMAKE_UNITY_BUILD=OFF compiles each by itself: a change is then built sooner, all of it three times later.
if(NOT DEFINED CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD ON)
endif()
if(NOT DEFINED CMAKE_UNITY_BUILD_BATCH_SIZE)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)
endif()
# A coroutine's frame may hold what only its file knows, and that file is now included.
add_compile_options(-Wno-subobject-linkage)
# The kernel's own description of TCP, which has more than the C library's and cannot stand beside it.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/http/net/acknowledged.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
