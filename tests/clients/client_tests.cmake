# The client libraries against a real server, in trouble.
set(exactly_once Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/clients/exactly_once.py $<TARGET_FILE:metergate>)

add_executable(client_exactly_once clients/cpp/exactly_once.cpp)
target_link_libraries(client_exactly_once PRIVATE metergate_client)
add_test(NAME client_cpp COMMAND ${exactly_once} $<TARGET_FILE:client_exactly_once>)
