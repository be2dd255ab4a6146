# The public C++ client: a library by itself that shares no code with the server, its tests, and how it
# is installed: cmake --install build --component client --prefix /usr/local
# An application then says find_package(metergate_client) and links metergate::client.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(GLOB client_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/client/*.cpp)
set(client_tests ${client_sources})
list(FILTER client_sources EXCLUDE REGEX "_test\\.cpp$")
list(FILTER client_tests INCLUDE REGEX "_test\\.cpp$")

add_library(metergate_client STATIC ${client_sources})
add_library(metergate::client ALIAS metergate_client)
target_include_directories(metergate_client
  PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
  PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(metergate_client PUBLIC Threads::Threads PRIVATE OpenSSL::SSL)
set_target_properties(metergate_client PROPERTIES EXPORT_NAME client)

add_executable(client_test ${client_tests})
target_include_directories(client_test PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(client_test PRIVATE metergate_client OpenSSL::SSL GTest::gmock GTest::gtest_main rapidcheck)
add_test(NAME client COMMAND client_test)
set_tests_properties(client PROPERTIES TIMEOUT 300)

# Shows the client in a server of somebody else's; its test runs it.
add_executable(beast_middleware ${CMAKE_SOURCE_DIR}/examples/beast_middleware.cpp)
target_link_libraries(beast_middleware PRIVATE metergate_client)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/metergate_client)
install(TARGETS metergate_client EXPORT metergate_client COMPONENT client)
install(FILES ${CMAKE_SOURCE_DIR}/include/metergate/client.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/metergate COMPONENT client)
install(EXPORT metergate_client NAMESPACE metergate:: FILE metergate_client-targets.cmake
  DESTINATION ${package_folder} COMPONENT client)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/metergate_client-config-version.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/metergate_client-config.cmake
  ${CMAKE_BINARY_DIR}/metergate_client-config-version.cmake
  DESTINATION ${package_folder} COMPONENT client)
