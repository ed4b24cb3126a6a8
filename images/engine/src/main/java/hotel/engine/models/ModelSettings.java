package hotel.engine.models;

import hotel.engine.SetupException;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What models may use beyond what every model may.
 *
 * @param allow what is open besides, in the words of {@link Opening}
 * @param classes names of classes that models may name; {@code org.example.*} stands for a package and all below it
 * @param beans names of Spring beans that expressions may use
 */
@ConfigurationProperties("hotel.engine.models")
public record ModelSettings(List<String> allow, List<String> classes, List<String> beans) {

    private static final Pattern CLASS = Pattern.compile("([\\p{L}_$][\\p{L}\\p{N}_$]*\\.)*([\\p{L}_$][\\p{L}\\p{N}_$]*|\\*)");

    public ModelSettings {
        allow = allow == null ? List.of() : List.copyOf(allow);
        classes = classes == null ? List.of() : classes.stream().map(String::strip).toList();
        beans = beans == null ? List.of() : beans.stream().map(String::strip).toList();
        allow.forEach(Opening::of);
        classes.stream().filter(each -> !CLASS.matcher(each).matches()).findFirst().ifPresent(wrong -> {
            throw new SetupException("ENGINE_MODELS_CLASSES holds \"" + wrong
                    + "\": write full names of classes, or packages as org.example.*, with commas between them");
        });
    }

    boolean isOpen(Opening opening) {
        return openings().contains(opening);
    }

    boolean isNamed(String className) {
        return classes.stream().anyMatch(each -> each.endsWith("*")
                ? className.startsWith(each.substring(0, each.length() - 1))
                : className.equals(each));
    }

    private Set<Opening> openings() {
        return allow.stream().map(Opening::of).collect(Collectors.toSet());
    }
}
