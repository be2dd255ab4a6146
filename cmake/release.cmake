# How the server is installed, and carried to a machine without a compiler: tools/release makes both packages.
#
#   cmake --install build --component server --prefix /usr/local
#
# What the program needs beyond a bare Debian (libc, libstdc++) is linked in where Debian has an archive of it
# and METERGATE_RELEASE is on, and else lies beside it in lib/metergate, where only this program looks.
if(NOT TARGET metergate)
  return()
endif()

# DT_RPATH, which counts for what the libraries themselves need, too.
target_link_options(metergate PRIVATE -Wl,--disable-new-dtags)
set_target_properties(metergate PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/metergate")
install(TARGETS metergate RUNTIME_DEPENDENCY_SET metergate_needs RUNTIME DESTINATION bin COMPONENT server)
install(RUNTIME_DEPENDENCY_SET metergate_needs
  PRE_EXCLUDE_REGEXES "^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\\+\\+))\\.so"
  LIBRARY DESTINATION lib/metergate COMPONENT server)
install(FILES deploy/metergate.service DESTINATION lib/systemd/system COMPONENT server)
install(FILES catalogue/plans.toml deploy/metergate.env DESTINATION share/metergate COMPONENT server)
install(FILES README.md CHANGELOG.md DESTINATION share/doc/metergate COMPONENT server)
install(DIRECTORY docs DESTINATION share/doc/metergate COMPONENT server FILES_MATCHING PATTERN "*.md"
  PATTERN decisions EXCLUDE)
install(FILES LICENSE DESTINATION share/doc/metergate RENAME copyright COMPONENT server)

execute_process(COMMAND getconf GNU_LIBC_VERSION OUTPUT_VARIABLE libc OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REGEX REPLACE "^glibc " "" libc "${libc}")
string(REGEX MATCH "^[0-9]+" compiler "${CMAKE_CXX_COMPILER_VERSION}")

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME metergate)
set(CPACK_PACKAGE_VENDOR Metergate)
set(CPACK_PACKAGE_CONTACT "The authors of Metergate <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "usage metering and provider billing for multi-tenant SaaS")
set(CPACK_PACKAGE_DESCRIPTION "One server that counts what tenants use exactly once, holds it against their plans, and prices the overage.")
set(CPACK_COMPONENTS_ALL server)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_SOURCE_DIR}/packaging/cpack_options.cmake)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_FILE_NAME "metergate-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= ${libc}), libstdc++6 (>= ${compiler}), passwd")
# PDFs are printed where Pango is, and names in every script where these fonts are (docs/decisions/0075).
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, tzdata, libpangocairo-1.0-0, fonts-noto-core, fonts-noto-cjk")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libmongoc-1.0-0t64 | libmongoc-1.0-0")  # loaded when MONGO_URI is set
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/postinst ${CMAKE_SOURCE_DIR}/packaging/prerm
  ${CMAKE_SOURCE_DIR}/packaging/postrm)
include(CPack)
