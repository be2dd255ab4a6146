# Writes build_facts.cpp: what the program knows of its own build, and the catalogue it ships with.
# Configuring again follows a new commit or a changed catalogue.

file(READ ${CMAKE_SOURCE_DIR}/catalogue/plans.toml METERGATE_PLANS)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/catalogue/plans.toml)

set(METERGATE_COMMIT unknown)
find_package(Git)
if(Git_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --short=12 HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --git-path logs/HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE commit_log OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed)
    set(METERGATE_COMMIT ${commit})
    get_filename_component(commit_log ${commit_log} ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
    if(EXISTS ${commit_log})
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${commit_log})
    endif()
  endif()
endif()
configure_file(${CMAKE_SOURCE_DIR}/src/app/build_facts.cpp.in ${CMAKE_BINARY_DIR}/build_facts.cpp @ONLY)
