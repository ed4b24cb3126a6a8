package hotel.engine.speed;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Remembers which services the jars offer.
 *
 * <p>The REST API looks some of them up in each request, by {@link java.util.ServiceLoader}, which opens jars to do so. What
 * the jars hold does not change while they are loaded.
 */
class ServiceFiles extends ClassLoader {

    private static final String FOLDER = "META-INF/services/";

    private final Map<String, List<URL>> found = new ConcurrentHashMap<>();

    ServiceFiles(ClassLoader parent) {
        super("service-files", parent);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        if (!name.startsWith(FOLDER)) {
            return super.getResources(name);
        }
        var known = found.get(name);
        if (known == null) {
            known = new ArrayList<>();
            for (var file : Collections.list(super.getResources(name))) {
                known.add(inMemory(file));
            }
            found.put(name, known);
        }
        return Collections.enumeration(known);
    }

    private static URL inMemory(URL file) throws IOException {
        byte[] content;
        try (var stream = file.openStream()) {
            content = stream.readAllBytes();
        }
        return new URL(file, "", new URLStreamHandler() {
            @Override
            protected URLConnection openConnection(URL url) {
                return new URLConnection(url) {
                    @Override
                    public void connect() {
                        // It is here already.
                    }

                    @Override
                    public InputStream getInputStream() {
                        return new ByteArrayInputStream(content);
                    }
                };
            }
        });
    }
}
