import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.File;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;

/**
 * Prints every resource that an engine and its web applications publish, one a line: method, application, path.
 *
 * <p>It reads the JAX-RS annotations of the classes in the jars that it is given, and follows sub-resources by their
 * types. Applications are `rest` and those of the browser.
 */
public class ListResources {

    private static final List<String> APPLICATIONS = List.of("admin", "cockpit", "tasklist", "welcome");
    private static final Set<String> FOUND = new TreeSet<>();

    public static void main(String[] jars) throws Exception {
        for (var jar : jars) {
            try (var file = new JarFile(new File(jar))) {
                file.stream().map(entry -> entry.getName())
                        .filter(name -> name.endsWith(".class") && !name.startsWith("META-INF"))
                        .forEach(name -> root(name.substring(0, name.length() - 6).replace('/', '.')));
            }
        }
        FOUND.forEach(System.out::println);
    }

    private static void root(String name) {
        try {
            var type = Class.forName(name, false, ListResources.class.getClassLoader());
            var path = type.getAnnotation(Path.class);
            if (path != null && !type.isInterface()) {
                applications(name).forEach(application -> walk(application, path.value(), type, new HashSet<>()));
            }
        } catch (ReflectiveOperationException | LinkageError incomplete) {
            // A class for a part that this engine does not have.
        }
    }

    private static List<String> applications(String name) {
        var own = APPLICATIONS.stream().filter(each -> name.contains("." + each + ".")).toList();
        return name.contains(".engine.rest.") ? List.of("rest") : own.isEmpty() ? APPLICATIONS : own;
    }

    private static void walk(String application, String path, Class<?> type, Set<Class<?>> above) {
        if (!above.add(type)) {
            return;
        }
        for (var method : type.getMethods()) {
            var annotations = annotations(method);
            var part = annotations.stream().filter(Path.class::isInstance).map(each -> ((Path) each).value()).findFirst();
            var verbs = annotations.stream().map(each -> each.annotationType().getAnnotation(HttpMethod.class))
                    .filter(each -> each != null).map(HttpMethod::value).toList();
            var full = join(path, part.orElse(""));
            verbs.forEach(verb -> FOUND.add(verb + " " + application + " " + full));
            if (verbs.isEmpty() && part.isPresent()) {
                walk(application, full, method.getReturnType(), new HashSet<>(above));
            }
        }
    }

    /** Those of the method itself, or of the one that it overrides, as JAX-RS inherits them. */
    private static List<Annotation> annotations(Method method) {
        var types = new ArrayList<Class<?>>();
        for (Class<?> type = method.getDeclaringClass(); type != null; type = type.getSuperclass()) {
            types.add(type);
            collect(type, types);
        }
        for (var type : types) {
            try {
                var annotations = type.getMethod(method.getName(), method.getParameterTypes()).getAnnotations();
                if (Arrays.stream(annotations).anyMatch(each -> each.annotationType().getName().startsWith("jakarta.ws.rs"))) {
                    return List.of(annotations);
                }
            } catch (NoSuchMethodException inherited) {
                // Its super types are asked next.
            }
        }
        return List.of();
    }

    private static void collect(Class<?> type, List<Class<?>> types) {
        for (var each : type.getInterfaces()) {
            types.add(each);
            collect(each, types);
        }
    }

    private static String join(String path, String part) {
        var joined = ("/" + path + "/" + part).replaceAll("/+", "/");
        return joined.length() > 1 && joined.endsWith("/") ? joined.substring(0, joined.length() - 1) : joined;
    }
}
