# Read once for each kind of package: the tarball has a folder of its own, the .deb has the machine's.
if(CPACK_GENERATOR STREQUAL "TGZ")
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
endif()
