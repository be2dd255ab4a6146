# The driver of MongoDB. The program is not linked with it but loads it when MONGO_URI is set, so that it
# starts where the driver is not installed (docs/decisions/0089).
option(METERGATE_MONGODB "has the mongodb engine where libmongoc's headers are installed" ON)
set(mongo_source ${CMAKE_SOURCE_DIR}/src/storage/cluster/mongo_journal.cpp)
# By itself: no other file sees those headers.
set_source_files_properties(${mongo_source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
if(METERGATE_MONGODB)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(MONGOC libmongoc-1.0>=1.23)
  if(MONGOC_FOUND)
    set(mongo_flags -DMETERGATE_MONGODB)
    foreach(folder ${MONGOC_INCLUDE_DIRS})
      if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
        list(APPEND mongo_flags -isystem${folder})
      endif()
    endforeach()
    set_source_files_properties(${mongo_source} PROPERTIES COMPILE_OPTIONS "${mongo_flags}")
  endif()
endif()
