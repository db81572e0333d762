# The manual's pages and the completion for bash, made from the tables of verbs and options.
add_executable(xsite-manual tools/manual.c)
target_include_directories(xsite-manual PRIVATE include cli)
target_link_libraries(xsite-manual PRIVATE verbs xsitelib)
set_target_properties(xsite-manual PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

set(share ${CMAKE_BINARY_DIR}/share)
set(pages ${share}/man/man1)
set(completion ${share}/bash-completion/completions)
add_custom_command(OUTPUT ${completion}/xsite
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${share}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${pages} ${completion}
  COMMAND xsite-manual ${pages} ${CMAKE_SOURCE_DIR}/tools/completion.bash ${completion}/xsite
  DEPENDS xsite-manual tools/completion.bash VERBATIM)
add_custom_target(manual ALL DEPENDS ${completion}/xsite)
install(DIRECTORY ${pages}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${completion}/xsite DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
