package hotel.engine.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.operaton.bpm.engine.variable.impl.type.PrimitiveValueTypeImpl;

/**
 * The variable type {@code Json} of the REST API: a text that is known to be well-formed JSON.
 *
 * <p>On the wire and in the database it is what the engine's Spin plugin makes of it; expressions see the text.
 */
public class JsonType extends PrimitiveValueTypeImpl {

    public static final JsonType INSTANCE = new JsonType();

    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonType() {
        super("json", String.class);
    }

    @Override
    public JsonValue createValue(Object value, Map<String, Object> valueInfo) {
        try {
            if (value != null) {
                MAPPER.readValue((String) value, JsonNode.class);
            }
        } catch (JsonProcessingException malformed) {
            throw new IllegalArgumentException("not well-formed JSON: " + malformed.getOriginalMessage(), malformed);
        }
        return new JsonValue((String) value, isTransient(valueInfo));
    }
}
