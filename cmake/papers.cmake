# What prints PDFs. The program is not linked with it but loads it when it is first asked for one, so that it
# starts where Pango is not installed (docs/decisions/0075).
option(METERGATE_PDF "prints PDFs where Pango is installed" ON)
set(print_source ${CMAKE_SOURCE_DIR}/src/base/pdf_pages.cpp)
# By itself: no other file sees those headers.
set_source_files_properties(${print_source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
if(METERGATE_PDF)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(PANGO REQUIRED pangocairo cairo-pdf)
  set(print_flags -DMETERGATE_PRINTS)
  # Where the compiler looks anyway is left out: named here it would come too early for the standard library.
  foreach(folder ${PANGO_INCLUDE_DIRS} ${PANGO_CAIRO_INCLUDE_DIRS})
    if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
      list(APPEND print_flags -isystem${folder})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES print_flags)
  set_source_files_properties(${print_source} PROPERTIES COMPILE_OPTIONS "${print_flags}")
endif()
