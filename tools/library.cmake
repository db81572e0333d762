# What others link: libxsite.so and libxsite.a, made of the objects of xsitelib, with the names of public functions alone.
include(GNUInstallDirs)

set(exports ${CMAKE_SOURCE_DIR}/src/exports.map)
add_library(xsite-shared SHARED)
foreach(room ${ROOMS})
  target_sources(xsite-shared PRIVATE $<TARGET_OBJECTS:room-${room}>)
endforeach()
set_target_properties(xsite-shared PROPERTIES OUTPUT_NAME xsite VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  EXPORT_NAME xsite LINK_DEPENDS ${exports} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
target_link_libraries(xsite-shared PRIVATE ${libraries})
target_link_options(xsite-shared PRIVATE -Wl,--version-script=${exports} -Wl,-Bsymbolic-functions
  $<$<NOT:$<BOOL:${XSITE_SANITIZE}>>:-Wl,--no-undefined>)
target_include_directories(xsite-shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

# One object, in which every other name is local; what several files have in common (C++'s groups, OpenMP's locks) is
# resolved in it.
set(object ${CMAKE_BINARY_DIR}/xsite.o)
set(archive ${CMAKE_BINARY_DIR}/libxsite.a)
add_custom_command(OUTPUT ${archive}
  COMMAND ${CMAKE_LINKER} -r -d --force-group-allocation -o ${object} --whole-archive $<TARGET_FILE:xsitelib>
  COMMAND ${CMAKE_OBJCOPY} --wildcard --localize-hidden --keep-global-symbol=tg_* --keep-global-symbol=xs_* ${object}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} qcs ${archive} ${object}
  COMMAND ${CMAKE_COMMAND} -E rm ${object}
  DEPENDS xsitelib VERBATIM)
add_custom_target(xsite-archive ALL DEPENDS ${archive})

install(TARGETS xsite-shared)
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
