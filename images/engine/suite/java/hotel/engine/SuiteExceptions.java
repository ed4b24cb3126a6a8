package hotel.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/** What of the image the published tests cannot have, from {@code exceptions.txt}. */
record SuiteExceptions(Set<String> names) {

    static SuiteExceptions read() {
        try (var lines = Files.lines(Path.of(System.getProperty("suite.exceptions")))) {
            return new SuiteExceptions(lines.filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split("\\|", 2)[0].strip())
                    .collect(Collectors.toSet()));
        } catch (IOException failure) {
            throw new UncheckedIOException("the exceptions cannot be read", failure);
        }
    }

    boolean keeps(String name) {
        return !names.contains(name);
    }
}
