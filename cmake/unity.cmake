# Several files of a room (a folder of a floor) are compiled as one: their headers are parsed once, which is most
# of a compilation; nothing else changes (docs/decisions/0060). So a name in an unnamed namespace stands once in
# its room. -DCMAKE_UNITY_BUILD=OFF compiles each by itself: a change is then built sooner, all of it three times
# later. -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 compiles each room as one.
if(NOT DEFINED CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD ON)
endif()
if(NOT DEFINED CMAKE_UNITY_BUILD_BATCH_SIZE)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
endif()
# A coroutine's frame may hold what only its file knows, and that file is now included.
add_compile_options(-Wno-subobject-linkage)
# The kernel's own description of TCP, which has more than the C library's and cannot stand beside it.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/http/net/acknowledged.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

# The sources of `target`, each room in as few batches of equal size as the bound allows.
function(metergate_batches target)
  get_target_property(sources ${target} SOURCES)
  set(rooms)
  foreach(source ${sources})
    get_filename_component(room ${source} DIRECTORY)
    get_filename_component(room ${room} NAME)
    list(APPEND rooms ${room})
    list(APPEND files_${room} ${source})
  endforeach()
  list(REMOVE_DUPLICATES rooms)
  foreach(room ${rooms})
    list(LENGTH files_${room} count)
    set(batches 1)
    if(CMAKE_UNITY_BUILD_BATCH_SIZE GREATER 0)
      math(EXPR batches "(${count} + ${CMAKE_UNITY_BUILD_BATCH_SIZE} - 1) / ${CMAKE_UNITY_BUILD_BATCH_SIZE}")
    endif()
    set(at 0)
    foreach(source ${files_${room}})
      math(EXPR batch "${at} * ${batches} / ${count}")
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${room}_${batch})
      math(EXPR at "${at} + 1")
    endforeach()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()
